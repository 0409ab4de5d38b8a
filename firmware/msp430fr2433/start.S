; Start-up, vectors and interrupts of the MSP430FR2433. Vectors: TI SLASE59F, table "Interrupt Vector Addresses".
; An interrupt moves one byte, sample or millisecond and wakes the core by clearing CPUOFF in the saved status.

        .equ    MS, 0
        .equ    WRITTEN, 2
        .equ    READ, 3
        .equ    SAMPLED, 4
        .equ    HEARD, 5
        .equ    ERRORS, 6
        .equ    SAMPLES, 8
        .equ    BYTES, 40

        .equ    CPUOFF, 0x10
        .equ    GIE, 0x08
        .equ    UCA0STATW, 0x050A
        .equ    UCA0RXBUF, 0x050C
        .equ    BROKEN, 0x48            ; UCFE, UCBRK: the stop bit was low
        .equ    ADCMEM0, 0x0712

        .text
        .global reset
reset:
        mov     #__stack_top, r1
        mov     #__bss_start, r12
        jmp     2f
1:      clr     0(r12)
        incd    r12
2:      cmp     #__bss_end, r12
        jne     1b
        call    #port_open
        call    #main

; A vector that should never be taken: start again.
unexpected:
        br      &0xFFFE

; A byte arrived. One with a broken stop bit counts four towards the other rate; a sound one counts back.
        .global isr_uart
isr_uart:
        push    r12
        push    r13
        bit     #BROKEN, &UCA0STATW
        jeq     1f
        cmp.b   #200, &isr + ERRORS
        jhs     2f
        add.b   #4, &isr + ERRORS
        jmp     2f
1:      tst.b   &isr + ERRORS
        jeq     2f
        dec.b   &isr + ERRORS
2:      mov.b   &isr + WRITTEN, r12
        mov.b   &UCA0RXBUF, isr + BYTES(r12)
        inc.b   r12
        and.b   #127, r12
        cmp.b   r12, &isr + READ
        jeq     3f                      ; full: the byte is lost, the frame's CRC will say so
        mov.b   r12, &isr + WRITTEN
3:      pop     r13
        pop     r12
        bic     #CPUOFF, 0(r1)
        reti

; A sample was converted.
        .global isr_adc
isr_adc:
        push    r12
        mov.b   &isr + SAMPLED, r12
        mov     &ADCMEM0, isr + SAMPLES(r12)
        incd.b  r12
        and.b   #31, r12
        cmp.b   r12, &isr + HEARD
        jeq     1f
        mov.b   r12, &isr + SAMPLED
1:      pop     r12
        bic     #CPUOFF, 0(r1)
        reti

; A millisecond passed.
        .global isr_ms
isr_ms:
        inc     &isr + MS
        bic     #CPUOFF, 0(r1)
        reti

; Sleeps unless something waits. Between the test and the sleep no interrupt can come: both bits are set at once.
        .global isr_sleep
isr_sleep:
        dint
        nop
        cmp.b   &isr + WRITTEN, &isr + READ
        jne     1f
        cmp.b   &isr + SAMPLED, &isr + HEARD
        jne     1f
        bis     #CPUOFF + GIE, r2
        nop
1:      nop
        eint
        nop
        ret

; The address of the first word of RAM that does not keep what is written to it, 0 for none. Every bit is set and cleared,
; then each address line is tried against the first word. Only registers are used, no interrupt comes while a word is not
; what it was, so stack and variables are kept.
        .global port_ram_fault
        .global ram_written             ; a test spoils a word here
        .global lines_written
port_ram_fault:
        mov     #__ram_start, r12
1:      dint
        nop
        mov     @r12, r13
        mov     #0x5555, 0(r12)
        cmp     #0x5555, 0(r12)
        jne     4f
        mov     #0xAAAA, 0(r12)
ram_written:
        cmp     #0xAAAA, 0(r12)
        jne     4f
        mov     r13, 0(r12)
        nop
        eint
        nop
        incd    r12
        cmp     #__stack_top, r12
        jne     1b
        mov     #2, r14
2:      mov     #__ram_start, r12
        dint
        nop
        mov     @r12, r13
        add     r14, r12
        mov     @r12, r15
        mov     #0x5555, &__ram_start
        mov     #0xAAAA, 0(r12)
lines_written:
        cmp     #0x5555, &__ram_start
        mov     r15, 0(r12)             ; a move leaves the comparison's result alone
        mov     r13, &__ram_start
        nop
        eint
        nop
        jne     3f
        add     r14, r14
        cmp     #__ram_bytes, r14
        jne     2b
        clr     r12
3:      ret
4:      mov     r13, 0(r12)
        nop
        eint
        nop
        ret

        .section .vectors, "a"
        .short  unexpected, unexpected, isr_adc, unexpected, unexpected, isr_uart   ; FFDA: ports 2, 1, ADC, B0, A1, A0
        .short  unexpected, unexpected, unexpected, unexpected, unexpected          ; FFE6: watchdog, RTC, A3, A3, A2
        .short  unexpected, unexpected, unexpected, unexpected, isr_ms              ; FFF0: A2, A1, A1, A0, A0 CCR0
        .short  unexpected, unexpected, reset                                       ; FFFA: NMI, NMI, reset
