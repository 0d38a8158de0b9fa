/*
 * What is compiled in as it is: the CA bundle of the machine that built us (PEM, with the NUL at its end that mbedTLS
 * wants) and how long that is, and the presets (fw/preset.c). CA_BUNDLE is defined by the Makefile.
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
	.global presets_text
	.global presets_text_end
presets_text:
	.incbin "fw/presets.txt"
presets_text_end:
	.section .note.GNU-stack,"",%progbits
