/* trampoline.h: hooks that must leave no trace on the stack.
 *
 * dlopen finds the caller's RUNPATH and namespace by its return address; a system call that makes a
 * child on another stack returns there. So these hooks are a few instructions of assembly: keep the six
 * (aarch64: eight) argument registers, ask a C function which function to jump to, restore them, jump.
 *
 *   TRAMPOLINE(dlopen, loader_pick_dlopen)
 *   void *loader_pick_dlopen(long *arguments, const void *caller);
 *
 * The C function may change the arguments; it must be extern, hidden and TRAMPOLINE_PICKER (so that
 * link-time optimization keeps it). Top-level assembly, because gcc has no naked functions on aarch64.
 */
#ifndef STRONG_HOOKS_TRAMPOLINE_H
#define STRONG_HOOKS_TRAMPOLINE_H

#define TRAMPOLINE_PICKER __attribute__((used, visibility("hidden")))

#define TRAMPOLINE_FUNCTION(name, body)                                                            \
    __asm__(".pushsection .text\n"                                                                 \
            ".balign 16\n"                                                                         \
            ".globl " #name "\n"                                                                   \
            ".type " #name ", %function\n" #name ":\n"                                             \
            ".cfi_startproc\n" body ".cfi_endproc\n"                                               \
            ".size " #name ", . - " #name "\n"                                                     \
            ".popsection\n")

#if defined(__x86_64__)

#define TRAMPOLINE_PUSH(register) "push %" #register "\n.cfi_adjust_cfa_offset 8\n"
#define TRAMPOLINE_POP(register) "pop %" #register "\n.cfi_adjust_cfa_offset -8\n"
#define TRAMPOLINE(name, picker)                                                                   \
    TRAMPOLINE_FUNCTION(name,                                                                      \
                        "endbr64\n"                                                                \
                        TRAMPOLINE_PUSH(r9) TRAMPOLINE_PUSH(r8) TRAMPOLINE_PUSH(rcx)               \
                        TRAMPOLINE_PUSH(rdx) TRAMPOLINE_PUSH(rsi) TRAMPOLINE_PUSH(rdi)             \
                        "mov %rsp, %rdi\n"                                                         \
                        "mov 48(%rsp), %rsi\n"                                                     \
                        "sub $8, %rsp\n.cfi_adjust_cfa_offset 8\n"                                 \
                        "call " #picker "\n"                                                       \
                        "add $8, %rsp\n.cfi_adjust_cfa_offset -8\n"                                \
                        TRAMPOLINE_POP(rdi) TRAMPOLINE_POP(rsi) TRAMPOLINE_POP(rdx)                \
                        TRAMPOLINE_POP(rcx) TRAMPOLINE_POP(r8) TRAMPOLINE_POP(r9)                  \
                        "jmp *%rax\n")

#elif defined(__aarch64__)

#define TRAMPOLINE(name, picker)                                                                   \
    TRAMPOLINE_FUNCTION(name,                                                                      \
                        "hint #34\n" /* bti c */                                                   \
                        "stp x29, x30, [sp, #-80]!\n.cfi_def_cfa_offset 80\n"                      \
                        ".cfi_offset 29, -80\n.cfi_offset 30, -72\n"                               \
                        "mov x29, sp\n"                                                            \
                        "stp x0, x1, [sp, #16]\nstp x2, x3, [sp, #32]\n"                           \
                        "stp x4, x5, [sp, #48]\nstp x6, x7, [sp, #64]\n"                           \
                        "add x0, sp, #16\nmov x1, x30\n"                                           \
                        "bl " #picker "\n"                                                         \
                        "mov x16, x0\n"                                                            \
                        "ldp x0, x1, [sp, #16]\nldp x2, x3, [sp, #32]\n"                           \
                        "ldp x4, x5, [sp, #48]\nldp x6, x7, [sp, #64]\n"                           \
                        "ldp x29, x30, [sp], #80\n.cfi_def_cfa_offset 0\n"                         \
                        ".cfi_restore 29\n.cfi_restore 30\n"                                       \
                        "br x16\n")

#else
#error "trampolines: x86-64 and aarch64 only"
#endif
#endif
