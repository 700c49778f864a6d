using System.Globalization;
using ResLora.Adapters;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Benchmarks.Subjects;

namespace ResLora.Benchmarks.Verbs;

/// <summary>What a child process does: map a model, put an adapter on it, make steps.</summary>
/// <param name="Folder">The model folder.</param>
/// <param name="Variant">How steps are made.</param>
/// <param name="Adapter">The adapter; its rank and its kind of shortcut are handed on.</param>
/// <param name="Batch">B.</param>
/// <param name="Tokens">T.</param>
internal sealed record StepChild(string Folder, Variant Variant, AdapterConfig Adapter, int Batch, int Tokens)
{
    // The second step has the optimizer's state and the first one's leavings beside it; a third finds nothing more.
    private const int UsualSteps = 3;

    /// <summary>Whether layers are computed again in place of being kept. Default false.</summary>
    public bool Checkpointing { get; init; }

    /// <summary>How many steps. Default 3.</summary>
    public int Steps { get; init; } = UsualSteps;

    /// <summary>Threads of libtorch. Default: this process's.</summary>
    public int? Threads { get; init; }

    /// <summary>The command line.</summary>
    public IEnumerable<string> Arguments =>
    [
        StepChildVerb.Name, "--folder", Folder, "--variant", Variant.Name, "--rank", Text(Adapter.Rank), "--shortcut", Adapter.Shortcut.Kind.ToString().ToLowerInvariant(),
        "--batch", Text(Batch), "--tokens", Text(Tokens), "--steps", Text(Steps), "--threads", Text(Threads ?? TorchSharp.torch.get_num_threads()),
        .. Checkpointing ? new[] { "--checkpointing" } : [],
    ];

    /// <summary>Runs it to its end.</summary>
    public StepChildResult Run(CancellationToken stop) => ChildProcess.Run<StepChildResult>(Arguments, stop);

    /// <summary>Runs it some times and gives its peaks.</summary>
    public static ReportRow Row(Harness harness, string name, int times, StepChild child)
    {
        harness.Log($"memory of {name}");
        return Row(name, [.. Enumerable.Range(0, times).Select(_ => child.Run(harness.Stop))]);
    }

    /// <summary>The peaks of several runs of one case.</summary>
    public static ReportRow Row(string name, IReadOnlyList<StepChildResult> results)
    {
        Spread Megabytes(Func<StepChildResult, long> bytes) => new([.. results.Select(result => bytes(result) / 1e6)]);
        return new ReportRow(
            name,
            new(Figure.AddedBySteps, Megabytes(r => r.After.AnonymousPeak - r.Before.Anonymous)),
            new(Figure.AnonymousPeak, Megabytes(r => r.After.AnonymousPeak)),
            new(Figure.OfFiles, Megabytes(r => r.After.OfFiles)),
            new(Figure.PeakResident, Megabytes(r => r.After.Peak)));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a child process reports.</summary>
/// <param name="Before">Its memory when the model was open and no step made.</param>
/// <param name="After">Its memory after the last step.</param>
/// <param name="StepMilliseconds">How long each step took.</param>
internal sealed record StepChildResult(ProcessMemory Before, ProcessMemory After, IReadOnlyList<double> StepMilliseconds)
{
    /// <summary>The bytes of a step's gradients.</summary>
    public long GradientBytes { get; init; }

    /// <summary>How long it takes the ranks to add as many numbers up as there are gradients.</summary>
    public double SumMilliseconds { get; init; }

    /// <summary>How long it takes the ranks to add a single number up.</summary>
    public double LatencyMilliseconds { get; init; }
}
