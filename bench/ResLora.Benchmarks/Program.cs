using ResLora.Benchmarks;
using ResLora.Cli;
using ResLora.Tensors.NativeRuntime;

// As the reslora command does, before libtorch allocates anything.
Allocator.KeepFreedMemory();
return CommandLine.Run(BenchmarkLine.Create(), args, CommandStreams.OfProcess());
