using ResLora.Cli;
using ResLora.Formats.NativeRuntime;

// Before libtorch allocates anything.
Allocator.KeepFreedMemory();
return CommandLine.Run(args, CommandStreams.OfProcess());
