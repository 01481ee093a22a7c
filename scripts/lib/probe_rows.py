"""probe_rows: what a preloaded library must never do to its host, and the probes that would see it.

A row is a way in which preloads are known to have failed, or a promise; its patterns are names of tests (`*` stands for
anything) in tests/interpose. Each of those runs a program bare and preloaded and wants the same from both. A row
whose pattern names no test is an error, so that a probe that is renamed or lost is missed.
"""

ROWS = (
    ("start: no recursion, no lock over dlsym", ("*Survival*/start", "*Victim*/hook_loader_all", "*Victim*/hook_memory_all")),
    ("errno 0 at main, first descriptor 3, no thread", ("SurvivalStart.*",)),
    ("static TLS", ("Exports.StaticTls*",)),
    ("signal handlers: storm, jumps, alternate stacks", ("*Survival*/signals_*",)),
    ("signals neither late nor lost", ("*Victim*/hook_signal_*", "*Survival*/stopped_and_continued")),
    ("fork of threads, vfork, spawn, exec", ("*Survival*/fork_*", "*Survival*/spawn_and_vfork", "*Survival*/exec_chain",
                                             "*PoolVictim*/fork_of_eight_threads", "*Victim*/hook_process_*")),
    ("a cleared environment, a daemon", ("*Survival*/environment_cleared", "*Survival*/daemonize")),
    ("namespaces, another root, other users", ("*Survival*/*_namespace", "*Survival*/another_*", "*Victim*/hook_namespace_all")),
    ("errno and results of every hook", ("*Victim*/hook_*", "Victims.CallEveryHook")),
    ("descriptors: closed, overlaid, passed, few", ("*Survival*/everything_closed", "*Survival*/passed_descriptors",
                                                    "Limits.FewDescriptors*", "*Victim*/hook_file_descriptor")),
    ("file system full, read-only, missing, a stranger's", ("*FullDirectory*", "Limits.A*Directory*", "Limits.Without*")),
    ("limits: file size, address space", ("Limits.NoFileMayGrow", "Limits.AnAddressSpace*", "PoolLimit.*",
                                          "*PoolVictim*/limit_set_in_main")),
    ("seccomp: strict, narrow, like sshd's", ("*Survival*/seccomp_*",)),
    ("symbol versions, fortified and 64-bit names", ("Exports.*",)),
    ("messages with descriptors and bad pointers", ("*Victim*/hook_socket_*", "*Survival*/bad_pointers")),
    ("RTLD_DEEPBIND, libraries that come and go", ("*Survival*/loader_*", "SurvivalLoader.*",
                                                   "*PoolVictim*/libraries_come_and_go")),
    ("small stacks, coroutines", ("*Survival*/threads_small_stacks", "*Survival*/coroutines")),
    ("cancelled and ended threads", ("*Survival*/threads_cancelled", "*Survival*/threads_ended_in_handlers",
                                     "*Victim*/hook_file_cancel", "*Victim*/hook_thread_all")),
    ("threads in thousands", ("SurvivalThreads.*", "*Survival*/threads_short", "*PoolVictim*/threads_alive")),
    ("other allocators, sanitizers", ("*PoolAside*", "PoolStandsAside.*", "*PoolVictim*/stubs_for_malloc")),
    ("double, foreign and overflowing frees", ("*PoolMisuse*",)),
    ("locks and both condition variables", ("*Victim*/hook_lock_*", "Exports.OnlyConditionVariables*")),
    ("C++ and its exceptions", ("*Survival*/cxx", "*PoolVictim*/cxx")),
    ("kept connections: same to the program", ("*Connections*", "*Liars*")),
    ("remembered names: same to the program", ("*Resolver*",)),
    ("killed at any point", ("SurvivalKill.*",)),
    ("switched off, or with privileges: inert", ("StaysOut.*", "Security.SwitchedOff*", "Security.Loaded*")),
    ("nothing of the program's data is kept", ("Security.Nothing*", "Security.Arguments*", "Security.EveryFile*")),
    ("names that a terminal or page would obey", ("Security.Names*", "Security.Escapes*")),
    ("files that are cut under the reader", ("Security.AFile*", "Security.AProgram*")),
    ("descriptors and threads as without it", ("Security.Descriptors*",)),
    ("tables full: counted, not lost", ("*Survival*/ten_thousand_targets", "SurvivalTargets.*")),
)
