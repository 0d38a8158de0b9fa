/*
 * The CA bundle of the machine that built us, as it is (PEM, with the NUL at its end that mbedTLS wants), and how
 * long that is. CA_BUNDLE is defined by the Makefile.
 */
	.section .rodata
	.global embedded_ca
	.global embedded_ca_size
embedded_ca:
	.incbin CA_BUNDLE
	.byte 0
embedded_ca_end:
	.balign 8
embedded_ca_size:
	.quad embedded_ca_end - embedded_ca
	.section .note.GNU-stack,"",%progbits
