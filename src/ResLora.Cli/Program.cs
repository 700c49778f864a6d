using ResLora.Cli;

return CommandLine.Run(args, CommandStreams.OfProcess());
