using ResLora.Cli;
using ResLora.Tensors.NativeRuntime;

// Before libtorch allocates anything.
Allocator.KeepFreedMemory();
return CommandLine.Run(args, CommandStreams.OfProcess());
