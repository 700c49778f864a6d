using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using ResLora.Cli.Commands;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Places;
using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Distributed;

namespace ResLora.Cli;

/// <summary>The whole tool: parses a line, runs its command, ends with its exit code.</summary>
internal static class CommandLine
{
    /// <summary>All commands. A new one is a file in Commands and a line here.</summary>
    public static Command Create()
    {
        // Not a RootCommand: that one is named after the process, which may be dotnet.
        var root = new Command("reslora", "Fine-tune models of texts and pictures with LoRA and ResLoRA, merge the result and use it.")
        {
            GlobalOptions.Json,
            GlobalOptions.Verbose,
            GlobalOptions.Offline,
            new HelpOption(),
            new VersionOption(),
            QuickstartCommand.Create(),
            DoctorCommand.Create(),
            InitCommand.Create(),
            PullCommand.Create(),
            PlanCommand.Create(),
            TrainCommand.Create(),
            CompareCommand.Create(),
            SweepCommand.Create(),
            AnalyzeCommand.Create(),
            ReportCommand.Create(),
            EvaluateCommand.Create(),
            GenerateCommand.Create(),
            ChatCommand.Create(),
            ImagineCommand.Create(),
            StripCommand.Create(),
            ImportCommand.Create(),
            PredictCommand.Create(),
            JudgeCommand.Create(),
            MergeCommand.Create(),
            ExportCommand.Create(),
            InspectCommand.Create(),
            PretrainCommand.Create(),
            VerifyCommand.Create(),
        };
        HelpWithExamples.AddTo(root);
        return root;
    }

    /// <summary>Runs one command line of the tool.</summary>
    /// <param name="arguments">The arguments, without the program's name.</param>
    /// <param name="streams">Where to write.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] arguments, CommandStreams streams) => Run(Create(), arguments, streams);

    /// <summary>Runs one command line of a tool made of <see cref="Verb"/>s.</summary>
    /// <param name="root">All its commands, with the options of <see cref="GlobalOptions"/>.</param>
    /// <param name="arguments">The arguments, without the program's name.</param>
    /// <param name="streams">Where to write.</param>
    /// <returns>The exit code.</returns>
    public static int Run(Command root, string[] arguments, CommandStreams streams)
    {
        HelpWithExamples.Fit(root, streams.Terminal.Profile.Width);
        var parsed = root.Parse(arguments.Length == 0 ? ["--help"] : arguments);
        var failures = new FailureReport(streams, isJson: arguments.Contains("--json"), root.Name);
        if (parsed.Action is ParseErrorAction)
        {
            return failures.Usage(parsed);
        }

        using var interrupt = new InterruptSource();
        RankSession? session = null;
        try
        {
            if (parsed.CommandResult.Command is not Verb verb || parsed.Action is HelpWithExamples)
            {
                return parsed.Invoke(new InvocationConfiguration { Output = streams.Output, EnableDefaultExceptionHandler = false });
            }

            EmptyPaths.Refuse(parsed);
            session = RankSession.Join();
            session?.Require(verb);
            var shown = session?.Shown(streams) ?? streams;
            // Through the console, which knows how to write above a line that is redrawn.
            using var warnings = Warnings.Listen(sentence => shown.Log.Write(new ClearedLines(new Prose($"warning: {sentence}"))));
            using var pause = new CollectionPause();
            var context = new CommandContext(
                shown, parsed.GetValue(GlobalOptions.Json), parsed.GetValue(GlobalOptions.Verbose), interrupt.Token)
            {
                IsOffline = parsed.GetValue(GlobalOptions.Offline),
                Interrupt = interrupt,
                Ranks = session?.Ranks ?? SingleProcess.Instance,
            };
            using var hub = HubPlaces.Use(() => context.Hub(new DownloadProgress(context)));
            var code = verb.Body(parsed, context);
            session?.Leave();
            return code;
        }
        catch (Exception error)
        {
            session?.BeforeReport();
            var code = failures.Of(error, session?.Speaker);
            session?.EndAll(code);
            return code;
        }
    }
}
