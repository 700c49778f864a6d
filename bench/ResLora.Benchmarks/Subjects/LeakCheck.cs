using ResLora.Adapters;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using TorchSharp;

namespace ResLora.Benchmarks.Subjects;

/// <summary>Many steps of every variant on a tiny model: what is alive after the last one and was not after the tenth is a leak.</summary>
internal static class LeakCheck
{
    /// <summary>The step that the last one is held against: until then optimizers and allocators settle.</summary>
    public const int First = 10;

    private const int Tokens = 16;

    /// <summary>Runs it.</summary>
    /// <param name="harness">Where to tell how far it is.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="last">The last step, above <see cref="First"/>.</param>
    /// <returns>A row for each variant.</returns>
    public static IReadOnlyList<ReportRow> Run(Harness harness, AdapterConfig adapter, int last)
    {
        using var drawn = new DrawnModel(StackShape.Tiny);
        return [.. Variant.All.Select(variant => Run(harness, drawn, variant, adapter, last))];
    }

    private static ReportRow Run(Harness harness, DrawnModel drawn, Variant variant, AdapterConfig adapter, int last)
    {
        harness.Log($"{last} steps of {variant.Name} on a tiny model");
        var samples = RandomTokens.Samples(2, Tokens, StackShape.Tiny.Vocabulary);
        using var training = new TrainingCase(drawn.Load(variant.DataType), variant, adapter, samples);
        var (tensorsBefore, memoryBefore) = (0L, 0L);
        for (var step = 1; step <= last; step++)
        {
            harness.Stop.ThrowIfCancellationRequested();
            training.Step([0, 1]);
            if (step == First)
            {
                (tensorsBefore, memoryBefore) = (LiveTensors, ProcessMemory.AnonymousNow);
            }
        }

        var measures = new List<Measure>
        {
            new(Figure.TensorGrowth, Spread.Once(LiveTensors - tensorsBefore)),
            new(Figure.TensorsAtTen, Spread.Once(tensorsBefore)),
            new(Figure.TensorsAtEnd, Spread.Once(LiveTensors)),
            new(Figure.MemoryGrowth, Spread.Once((ProcessMemory.AnonymousNow - memoryBefore) / 1e6)),
        };
        return new ReportRow(variant.Name, measures);
    }

    // Not Tensor.TotalCount: it never forgets the empty handles that stand for undefined gradients.
    private static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount;
}
