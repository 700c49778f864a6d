using ResLora.Models;

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

    /// <summary>Frees the model.</summary>
    public void Dispose() => Model.Dispose();
}
