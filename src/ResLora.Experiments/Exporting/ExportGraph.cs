using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting;

/// <summary>
/// What is exported, with its weights: the training graph in float32 and the merged adapter. Everything that an export is
/// compared with is computed here.
/// </summary>
public sealed class ExportGraph : IDisposable
{
    private readonly Func<string, bool> _holds;

    private ExportGraph(
        ExportSource source, ModelSession session, (MergedAdapter Merged, string? CalibratedOn)? merge, Func<string, bool> holds) =>
        (Source, Session, Merged, CalibratedOn, _holds) = (source, session, merge?.Merged, merge?.CalibratedOn, holds);

    /// <summary>What is known without the weights.</summary>
    public ExportSource Source { get; }

    /// <summary>The model and the unmerged adapter, in float32: the files hold other types, and every rounding is to show.</summary>
    public ModelSession Session { get; }

    /// <summary>The merged adapter, or null for a model alone. Blocks that the target cannot hold are zero in it.</summary>
    public MergedAdapter? Merged { get; }

    /// <summary>Which texts the merge was calibrated on; null when it needs none.</summary>
    public string? CalibratedOn { get; }

    /// <summary>The blocks of <see cref="Merged"/> that are written; borrowed, do not dispose.</summary>
    /// <exception cref="ConfigException">The target can hold none of them.</exception>
    /// <exception cref="InvalidOperationException">There is no adapter.</exception>
    public MergedAdapter Written =>
        ExportMerge.Held(Session, Merged ?? throw new InvalidOperationException("There is no adapter."), _holds);

    /// <summary>Loads the weights.</summary>
    /// <param name="source">What is exported.</param>
    /// <param name="holds">Whether the target can hold a block of a layer; the others are left out.</param>
    /// <returns>The graph, owned by the caller.</returns>
    public static ExportGraph Load(ExportSource source, Func<string, bool> holds)
    {
        ArgumentNullException.ThrowIfNull(source);
        var session = ModelSession.Load(source.ModelFolder, source.Adapter?.Folder, ScalarType.Float32, rank: source.Rank);
        try
        {
            return new ExportGraph(source, session, session.Adapter is null ? null : ExportMerge.Run(session, source, holds), holds);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Does something with the model while the merged weights are in it.</summary>
    /// <param name="act">Is given the model, which holds plain layers only.</param>
    public void WithMerged(Action<Network> act)
    {
        ArgumentNullException.ThrowIfNull(act);
        using var noGradient = no_grad();
        using var merge = Merged?.Apply();
        act(Session.Model);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        Merged?.Dispose();
        Session.Dispose();
    }
}
