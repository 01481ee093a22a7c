/* restorer.h: the code a signal handler returns to on x86-64, where the kernel asks for one.
 *
 * Debuggers and libgcc know it by its nine code bytes (mov $15, %rax; syscall); unwinders that read
 * tables find every register described where the kernel saved it: in the ucontext that the stack
 * pointer stands at. The nop in front is looked up when an unwinder subtracts one from the address.
 * The symbol is global because link-time optimization may separate it from cpu.c, the only file that
 * includes this. Elsewhere the vDSO brings a restorer of its own.
 */
#ifndef STRONG_MONITOR_RESTORER_H
#define STRONG_MONITOR_RESTORER_H

#if defined(__x86_64__)

/* DWARF: a two-byte signed LEB128 offset from rsp (register 7), for registers and for the CFA. */
#define RESTORER_OFFSET(offset) "(" #offset " & 0x7f) | 0x80, " #offset " >> 7"
#define RESTORER_REGISTER(number, offset)                                                          \
    ".cfi_escape 0x10, " #number ", 3, 0x77, " RESTORER_OFFSET(offset) "\n"

/* Offsets of uc_mcontext.gregs (asserted in cpu.c): r8 at 40, each register 8 further. */
__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".cfi_startproc\n"
        ".cfi_signal_frame\n"
        ".cfi_escape 0x0f, 4, 0x77, " RESTORER_OFFSET(160) ", 6\n"
        RESTORER_REGISTER(8, 40)
        RESTORER_REGISTER(9, 48)
        RESTORER_REGISTER(10, 56)
        RESTORER_REGISTER(11, 64)
        RESTORER_REGISTER(12, 72)
        RESTORER_REGISTER(13, 80)
        RESTORER_REGISTER(14, 88)
        RESTORER_REGISTER(15, 96)
        RESTORER_REGISTER(5, 104)  /* rdi */
        RESTORER_REGISTER(4, 112)  /* rsi */
        RESTORER_REGISTER(6, 120)  /* rbp */
        RESTORER_REGISTER(3, 128)  /* rbx */
        RESTORER_REGISTER(1, 136)  /* rdx */
        RESTORER_REGISTER(0, 144)  /* rax */
        RESTORER_REGISTER(2, 152)  /* rcx */
        RESTORER_REGISTER(7, 160)  /* rsp */
        RESTORER_REGISTER(16, 168) /* rip */
        "nop\n"
        ".balign 16\n"
        ".globl strong_restorer\n"
        ".hidden strong_restorer\n"
        ".type strong_restorer, @function\n"
        "strong_restorer:\n"
        "mov $15, %rax\n"
        "syscall\n"
        ".cfi_endproc\n"
        ".size strong_restorer, . - strong_restorer\n"
        ".popsection\n");

__attribute__((visibility("hidden"))) void strong_restorer(void);

#endif
#endif
