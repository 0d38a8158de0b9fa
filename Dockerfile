# secure-init and nothing else: docker build -t secure-init .
#
# Then, in an image of any distribution:
#     COPY --from=secure-init /secure-init /usr/local/sbin/
#     ENTRYPOINT ["/usr/local/sbin/secure-init", "--"]
#
# The same `make` as everywhere, from the same pinned sources. Needs nothing of BuildKit.
#
# The program has the file capabilities that it needs where an image's USER is not root. COPY --from keeps them in podman
# and in BuildKit, not in Docker's classic builder: there, `RUN setcap` again. They are permitted, not effective: so it
# can be executed also where the container was not given them, and says itself what is missing.

# Debian 12, or an image made of it
ARG BUILD_IMAGE=debian:12

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
# An archive of Debian that has the pinned sources; by default the one that the image's apt uses.
ARG DEBIAN_MIRROR
ENV DEPS_CACHE=/deps
# The static libraries take a minute: a layer of their own, which only their pins and recipe make anew.
COPY deps deps
RUN deps/install build image && deps/build musl
COPY . .
RUN make && setcap cap_net_admin,cap_setpcap,cap_setuid,cap_setgid=p build/secure-init

FROM scratch
LABEL org.opencontainers.image.title="secure-init" \
      org.opencontainers.image.description="The first process of an AI agent's container: closes its network, opens what was allowed" \
      org.opencontainers.image.licenses="GPL-2.0-or-later"
COPY --from=build /src/build/secure-init /secure-init
ENTRYPOINT ["/secure-init"]
