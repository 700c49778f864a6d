using ResLora.Models;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting;

/// <summary>A model that was read back from an export.</summary>
/// <param name="Name">The file or folder that it came from, for reports.</param>
/// <param name="Type">How its weights are stored.</param>
/// <param name="Model">The model in float32, adapters added to its weights; owned.</param>
public sealed record ExportedModel(string Name, ExportType Type, Network Model) : IDisposable
{
    /// <summary>
    /// What the export's own files make of a prompt, with the expected ids to hold it against; null when it brings no tokenizer.
    /// </summary>
    public Func<string, TokenReplay>? Replay { get; init; }

    /// <summary>
    /// By how much numbers of a weight may differ because the factors that were added to it are rounded, by the weight's name; new tensors,
    /// owned. With it the weights themselves are those of float32. Default: none.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> Slack { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>Frees the model.</summary>
    public void Dispose()
    {
        foreach (var bound in Slack.Values)
        {
            bound.Dispose();
        }

        Model.Dispose();
    }
}
