using ResLora.Benchmarks;
using ResLora.Cli;

return CommandLine.Run(BenchmarkLine.Create(), args, CommandStreams.OfProcess());
