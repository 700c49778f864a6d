using System.CommandLine;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Cli;
using ResLora.Formats.Errors;

namespace ResLora.Benchmarks.Verbs;

/// <summary>How soon the tool itself is there, installed and compiled ahead against built here.</summary>
internal static class StartVerb
{
    private const string Help = "--help";
    private const string Train = "train, to the end of the first step";

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var tool = new Option<string>("--tool")
        {
            Description = "The installed tool, which is compiled ahead: a path, such as ~/.dotnet/tools/reslora.",
            HelpName = "FILE",
            Required = true,
        };
        var sample = new Option<string>("--sample")
        {
            Description = "The sample's folder, with reslora.yaml.",
            HelpName = "DIR",
            DefaultValueFactory = _ => Path.Combine("samples", "word-problems"),
        };
        return BenchmarkVerb.Create(
            "start",
            "How long until the tool shows its help, and until a run on the sample has done its first step, compiled ahead against built here?",
            BenchmarkVerb.UsualRounds,
            [tool, sample],
            (line, harness) => Measure(
                harness, Existing(line.GetRequiredValue(tool)), Existing(Path.Combine(line.GetRequiredValue(sample), "reslora.yaml"))));
    }

    private static Findings Measure(Harness harness, string tool, string settings)
    {
        using var builtHelp = new ToolStart("", ToolStart.Built, "--help");
        using var toolHelp = new ToolStart("", [tool], "--help");
        using var builtTrain = new FirstStep(ToolStart.Built, settings);
        using var toolTrain = new FirstStep([tool], settings);
        var (ahead, here) = (", compiled ahead", ", built here");
        var times = harness.Measure(
        [
            new(Help + ahead, toolHelp.Run) { Finish = toolHelp.Finish },
            new(Help + here, builtHelp.Run) { Finish = builtHelp.Finish },
            new(Train + ahead, toolTrain.Run) { Finish = toolTrain.Finish },
            new(Train + here, builtTrain.Run) { Finish = builtTrain.Finish },
        ]);
        return new Findings(
            new ReportTable("start", [.. times.Select(t => new ReportRow(t.Key, new Measure(Figure.Milliseconds, t.Value)))]))
        {
            Ratios =
            [
                .. new[] { Help, Train }.Select(
                    name => new Ratio(name + ahead, name + here, Figure.Milliseconds, times[name + ahead].Over(times[name + here]))),
            ],
            Notes =
            [
                $"The first step itself took {toolTrain.StepMilliseconds:0} ms of it compiled ahead, {builtTrain.StepMilliseconds:0} ms built here "
                + "(medians, the first round included): it compiles what is left and touches all memory for the first time.",
            ],
        };
    }

    private static string Existing(string path) =>
        File.Exists(path) ? path : throw new ConfigException($"'{path}' is not there; name the file (--tool, --sample).");
}
