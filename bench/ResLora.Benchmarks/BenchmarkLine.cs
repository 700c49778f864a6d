using System.CommandLine;
using System.CommandLine.Help;
using ResLora.Benchmarks.Verbs;
using ResLora.Cli;

namespace ResLora.Benchmarks;

/// <summary>All benchmarks, one command a question.</summary>
internal static class BenchmarkLine
{
    /// <summary>Makes the tool. A new benchmark is a file in Verbs, a line here and a row in bench/README.md.</summary>
    public static Command Create()
    {
        var root = new Command(
            "ResLora.Benchmarks",
            "Measure ResLora against baselines that run in the same process at the same time, one command a question.")
        {
            GlobalOptions.Json,
            GlobalOptions.Verbose,
            new HelpOption(),
            GemmVerb.Create(),
            StepVerb.Create(),
            PicturesVerb.Create(),
            DenoiseVerb.Create(),
            StructuresVerb.Create(),
            LengthsVerb.Create(),
            MemoryVerb.Create(),
            LoadVerb.Create(),
            ChatVerb.Create(),
            StartVerb.Create(),
            RanksVerb.Create(),
            DecodeVerb.Create(),
            MergeVerb.Create(),
            StepChildVerb.Create(),
        };
        HelpWithExamples.AddTo(root);
        return root;
    }
}
