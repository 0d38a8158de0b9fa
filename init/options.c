/* Options by getopt_long(3); the meaning of the single letters is tini's. */
#include "init/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "util/number.h"

const char options_help[] =
	"Usage: secure-init [OPTION]... [--] COMMAND [ARGUMENT]...\n"
	"       secure-init [OPTION]... setup | status [json] | plan [FORM] | explain "
	"HOST[:PORT][/PROTOCOL]... | "
	"presets | test [COMMAND...] |\n"
	"         allow ENTRY [--for TIME] | deny ENTRY | reload | list [json] | report [FILE]\n"
	"\n"
	"Run COMMAND as the agent of a container whose network is open only to what was allowed, and be its "
	"init.\n"
	"Meant to be the container's ENTRYPOINT (PID 1).\n"
	"\n"
	"  setup                close, open and prove the network, and end: for a pod's init container\n"
	"  status               say whether the network is closed and set up; exit status 0 if so "
	"(HEALTHCHECK)\n"
	"  plan [FORM]          print what would be open and the rules; or for iptables, ip6tables or ipset "
	"to restore\n"
	"  explain HOST...      say whether it is allowed, by which entry, set and rule\n"
	"  test [COMMAND...]    a shell, or the command, as the agent would run, in a network that is set "
	"up\n"
	"  allow ENTRY          beside a running agent, as root (docker exec -u root): open ENTRY too, for "
	"good or --for "
	"10m\n"
	"  deny ENTRY           close it again;  list: what is allowed now\n"
	"  reload               take over what environment and policy file say now\n"
	"  report [FILE]        what was refused in a run, of what PARA_AUDIT wrote\n"
	"  presets              print the named lists that an entry can call, as in @npm\n"
	"\n"
	"  --user USER[:GROUP]  run the agent as this user (also PARA_RUN_AS)\n"
	"  --check              print what would be done, change nothing, need no privileges\n"
	"  --resolve            with --check and plan: look up the names too\n"
	"  -g                   signals go to the agent's process group (also PARA_SIGNAL_GROUP)\n"
	"  -r, --rewrite A:B    pass signal A on as B; as nothing, if B is 0\n"
	"  -e STATUS            the agent's exit status STATUS becomes 0\n"
	"  -s                   where this is not PID 1: take orphans in without a warning\n"
	"  -p SIGNAL            get this signal when the parent ends\n"
	"  -w                   say each orphan that is reaped\n"
	"  -v                   say more; again: still more\n"
	"  -h, --help           print this;  -l: the licence;  --version: the versions of program and "
	"libraries\n"
	"\n"
	"Environment:\n"
	"  PARA_NETWORK_ISOLATION  true or false. Default: false, but true where any of the policy's is set, "
	"which are:\n"
	"  PARA_ALLOWED_DOMAINS    comma list: example.com, 198.51.100.7, 10.0.0.0/24, [2001:db8::1], @npm "
	"(a preset),\n"
	"                          each but the last with optional ports: example.com:443,8000-8010\n"
	"                          Default: " POLICY_DEFAULT_LIST "\n"
	"  PARA_BLOCKED_DOMAINS    the same; what is allowed comes first\n"
	"  PARA_NETWORK_MODE       allowlist, blocklist, proxy or none. Default: allowlist "
	"(unprotected-observe: all is "
	"open,\n"
	"                          and what allowlist would refuse is recorded)\n"
	"  PARA_PROXY              HOST:PORT of the mode proxy\n"
	"  PARA_PROFILE            default, or strict: nothing is open that is not named\n"
	"  PARA_ALLOW_DNS          resolvers or none;  PARA_ALLOW_SSH: any, allowlist or none\n"
	"  PARA_ALLOW_HOST         subnet, gateway, none, or entries\n"
	"  PARA_ALLOW_INBOUND      host, none, ports, and entries from which one may come in\n"
	"  PARA_DNS                open, or filter: names that no list allows get no answer. Default: open; "
	"filter with "
	"strict\n"
	"  PARA_LIMIT_CONNECTIONS  that may begin in a minute;  PARA_QUOTA_BYTES: that may leave in all, as "
	"in 500M\n"
	"  PARA_POLICY             a file of JSON that says the same and more (docs/policy-file.md)\n"
	"\n"
	"  PARA_GUARD              on, or off: names are looked up once, and nothing watches. Default: on\n"
	"  PARA_AUDIT              where refused packets are recorded as JSON: stderr, off, a file, "
	"unix:SOCKET\n"
	"  PARA_DNS_LOG            true: each question of DNS is recorded too\n"
	"  PARA_LEARN              true: at the end, print the list that would have allowed what was "
	"refused\n"
	"  PARA_ON_TAMPER          repair or stop;  PARA_ON_GUARD_LOSS: keep or stop. Defaults: repair, "
	"keep\n"
	"\n"
	"  PARA_RUN_AS             USER[:GROUP] of the agent. Default: the container's\n"
	"  PARA_PRIVILEGES         drop, or (only without isolation) keep. Default: drop\n"
	"  PARA_SETUP_TIMEOUT      seconds that closing, opening and proving may take. Default: 30\n"
	"  PARA_KILL_GRACE         seconds between SIGTERM and SIGKILL at the end; 0: none. Default: 2\n"
	"  PARA_SECCOMP            default, off, or io_uring: what the agent's system calls may not do. "
	"Default: with "
	"isolation\n"
	"  PARA_LOG                text or json. Default: text\n"
	"  PARA_LOG_LEVEL          error, warn, info or debug. Default: info\n"
	"  GITHUB_TOKEN, GH_TOKEN  used when GitHub's address ranges are fetched\n"
	"  SSL_CERT_FILE           the certificates to trust then\n"
	"\n"
	"Exit status: the agent's, or 128 + the signal that ended it; 126 or 127 if it could not be run or "
	"found;\n"
	"100 to 111 if it was never started (docs/exit-codes.md).\n";

static int bad(struct error *error, const char *option, const char *value, const char *right)
{
	return error_set(error, FAIL_USAGE, EINVAL, "%s %.60s: %s", option, value, right);
}

/* "15:3", "TERM:QUIT", "HUP:0" */
static int read_rewrite(struct serving *serving, const char *value, struct error *error)
{
	static const char right[] = "write it as FROM:TO, each a signal's name or number, TO also 0";
	const char *colon = strchr(value, ':');
	char from_text[20];
	int from, to;

	if (colon == NULL || (size_t)(colon - value) >= sizeof(from_text))
		return bad(error, "--rewrite", value, right);
	memcpy(from_text, value, (size_t)(colon - value));
	from_text[colon - value] = '\0';
	from = signals_parse(from_text);
	to = signals_parse(colon + 1);
	if (from < 1 || to < 0)
		return bad(error, "--rewrite", value, right);
	serving->rewrite[from] = (uint8_t)to;
	return 0;
}

static int read_status(struct serving *serving, const char *value, struct error *error)
{
	uint64_t status;

	if (number_parse(value, 0, 255, &status) != 0)
		return bad(error, "-e", value, "an exit status is a number from 0 to 255");
	serving->to_zero[status] = true;
	return 0;
}

static int read_parent_signal(struct config *config, const char *value, struct error *error)
{
	config->parent_signal = signals_parse(value);
	if (config->parent_signal < 1)
		return bad(error, "-p", value, "not a signal's name or number");
	return 0;
}

/* A letter may stand in a bundle with others; a long option is a word of its own. */
static int unknown(char *const argv[], struct error *error)
{
	if (optopt > 0 && optopt < 128)
		return error_set(error, FAIL_USAGE, EINVAL, "no such option: -%c; see --help", optopt);
	return error_set(error, FAIL_USAGE, EINVAL, "no such option: %.60s; see --help", argv[optind - 1]);
}

/* A word in the command's place that is ours, and the name by which para's images call the firewall. */
static void read_action(struct config *config, const char *name, bool marked)
{
	static const struct {
		const char *word;
		enum action action;
	} words[] = {
		{"setup", ACTION_SETUP},
		{"status", ACTION_STATUS},
		{"plan", ACTION_PLAN},
		{"test", ACTION_TEST},
		{"explain", ACTION_EXPLAIN},
		{"presets", ACTION_PRESETS},
		{"allow", ACTION_CHANGE},
		{"deny", ACTION_CHANGE},
		{"reload", ACTION_CHANGE},
		{"list", ACTION_CHANGE},
		{"report", ACTION_REPORT},
	};
	const char *slash = strrchr(name, '/');

	if (config->action != ACTION_RUN)
		return;
	if (strcmp(slash == NULL ? name : slash + 1, "init-firewall.sh") == 0) {
		config->action = ACTION_FIREWALL;
		return;
	}
	/* behind "--" every word is a command */
	for (size_t i = 0; *config->agent != NULL && !marked && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(*config->agent, words[i].word) != 0)
			continue;
		config->action = words[i].action;
		/* which change it is says the word itself */
		if (config->action != ACTION_CHANGE)
			config->agent++;
		return;
	}
}

int options_read(struct config *config, int argc, char *const argv[], int *louder, struct error *error)
{
	enum { OPT_USER = 256, OPT_CHECK, OPT_RESOLVE, OPT_VERSION };
	static const struct option options[] = {
		{"user", required_argument, NULL, OPT_USER},
		{"check", no_argument, NULL, OPT_CHECK},
		{"resolve", no_argument, NULL, OPT_RESOLVE},
		{"rewrite", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, OPT_VERSION},
		{0},
	};
	static char sh[] = "/bin/sh";
	static char *const shell[] = {sh, NULL};
	int option, ret = 0;

	opterr = 0;
	*louder = 0;
	/* '+': the first argument that is no option is the agent, whose options are its own */
	while (ret == 0 && (option = getopt_long(argc, argv, "+:gr:e:sp:wvhl", options, NULL)) != -1) {
		switch (option) {
		case OPT_USER:
			config->run_as = optarg;
			break;
		case OPT_CHECK:
			config->action = ACTION_CHECK;
			break;
		case OPT_RESOLVE:
			config->resolve = true;
			break;
		case 'g':
			config->serving.group = true;
			break;
		case 'r':
			ret = read_rewrite(&config->serving, optarg, error);
			break;
		case 'e':
			ret = read_status(&config->serving, optarg, error);
			break;
		case 's':
			config->subreaper = true;
			break;
		case 'p':
			ret = read_parent_signal(config, optarg, error);
			break;
		case 'w':
			config->serving.say_reaped = true;
			break;
		case 'v':
			++*louder;
			break;
		case 'h':
			config->action = ACTION_HELP;
			return 0;
		case 'l':
			config->action = ACTION_LICENCE;
			return 0;
		case OPT_VERSION:
			config->action = ACTION_VERSION;
			return 0;
		case ':':
			return error_set(error, FAIL_USAGE, EINVAL, "option %.60s needs a value; see --help",
				argv[optind - 1]);
		default:
			return unknown(argv, error);
		}
	}
	if (ret < 0)
		return ret;
	/* without even argv[0] (execve(2) lets that through before Linux 5.18) what follows is not ours to
	 * read */
	config->agent = argv + (argc > 0 ? optind : 0);
	read_action(config, argc > 0 ? argv[0] : "", argc > 0 && strcmp(argv[optind - 1], "--") == 0);
	if (config->action == ACTION_SETUP && *config->agent != NULL)
		return error_set(error, FAIL_USAGE, EINVAL,
			"setup runs no command, and '%.60s' was given; leave one of the two out",
			*config->agent);
	if (config->action == ACTION_RUN && *config->agent == NULL)
		return error_set(error, FAIL_USAGE, EINVAL,
			"no command to run; give the agent's command line, as in: secure-init -- claude");
	if (config->action == ACTION_TEST && *config->agent != NULL && strcmp(*config->agent, "--") == 0)
		config->agent++;
	if (config->action == ACTION_TEST && *config->agent == NULL)
		config->agent = shell;
	if (config->action == ACTION_EXPLAIN && *config->agent == NULL)
		return error_set(error, FAIL_USAGE, EINVAL,
			"explain what? Ask HOST[:PORT][/PROTOCOL], as in: secure-init explain "
			"github.com:443");
	if (config->resolve && config->action != ACTION_CHECK && config->action != ACTION_PLAN)
		return error_set(error, FAIL_USAGE, EINVAL, "--resolve goes with --check and plan");
	return 0;
}
