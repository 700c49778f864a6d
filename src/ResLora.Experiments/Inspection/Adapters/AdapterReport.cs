using ResLora.Tensors.NativeRuntime;
using static TorchSharp.torch;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>Adds to a report what an adapter's factors say.</summary>
internal static class AdapterReport
{
    private const int MostNames = 3;

    /// <summary>Looks at the factors, at the other tensors, and at the base model.</summary>
    /// <param name="report">The report without them.</param>
    /// <param name="pairs">The factors.</param>
    /// <param name="tensors">All tensors, to be searched for numbers that are none; those of pairs may be among them.</param>
    /// <param name="fit">Says what of the adapter does not fit its base model; null where there is none to be held against.</param>
    /// <returns>The whole report.</returns>
    /// <exception cref="Formats.Errors.FileFormatException">Factors do not fit each other.</exception>
    public static InspectionReport WithBlocks(
        this InspectionReport report, IReadOnlyList<StoredPair> pairs, IEnumerable<KeyValuePair<string, Func<Tensor>>> tensors, Func<IEnumerable<string>>? fit)
    {
        using var pause = new CollectionPause();
        using var noGradient = no_grad();
        BlockHealth[] blocks = [.. pairs.Select(pair =>
        {
            CollectionPause.Between();
            return BlockHealth.Of(pair);
        })];
        string[] broken = blocks.Any(block => block.BadNumbers > 0) ? [] : [.. tensors.Where(IsBroken).Select(tensor => tensor.Key)];
        return report with
        {
            Blocks = blocks,
            Notes =
            [
                .. report.Notes,
                .. AdapterFindings.Of(blocks),
                .. broken.Length == 0 ? [] : new[] { $"{broken.Length} tensors hold NaN or infinite numbers ({string.Join(", ", broken.Take(MostNames))}): the adapter is broken." },
                .. fit?.Invoke() ?? [],
            ],
        };
    }

    private static bool IsBroken(KeyValuePair<string, Func<Tensor>> tensor)
    {
        using var scope = NewDisposeScope();
        var values = tensor.Value();
        return values.is_floating_point() && !values.isfinite().all().item<bool>();
    }
}
