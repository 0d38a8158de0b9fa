/*
 * The CA bundle of the machine that built us, as it is (PEM): embedded_ca to embedded_ca_end, NUL-terminated,
 * as mbedTLS wants PEM to be. CA_BUNDLE is defined by the Makefile.
 */
	.section .rodata
	.global embedded_ca
	.global embedded_ca_end
embedded_ca:
	.incbin CA_BUNDLE
	.byte 0
embedded_ca_end:
	.section .note.GNU-stack,"",%progbits
