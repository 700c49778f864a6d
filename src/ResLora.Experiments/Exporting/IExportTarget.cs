using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting;

/// <summary>A tool, or a format, that exports are made for. A new one is a class here and a line in <see cref="ExportTargets"/>.</summary>
public interface IExportTarget
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>Whether only an adapter can be exported to it, not a model alone.</summary>
    bool NeedsAdapter { get; }

    /// <summary>Whether encoders can be exported to it too, not only models that continue texts.</summary>
    bool TakesEncoders => false;

    /// <summary>Whether models of texts and networks that look at pictures can be exported to it. Default true.</summary>
    bool TakesTexts => true;

    /// <summary>Whether models that make pictures from texts can be exported to it. Default false.</summary>
    bool TakesPictureMakers => false;

    /// <summary>How it can store weights.</summary>
    IReadOnlyList<ExportType> Types { get; }

    /// <summary>How it stores the weights of a model unless it is told otherwise.</summary>
    /// <param name="stored">The dtype of the model's files.</param>
    /// <returns>One of <see cref="Types"/>.</returns>
    ExportType DefaultType(ScalarType stored);

    /// <summary>Whether it can hold a block of this layer.</summary>
    /// <param name="moduleName">The layer's dotted name.</param>
    /// <returns>True when it can.</returns>
    bool Holds(string moduleName);

    /// <summary>How long the texts may be on which the export computes what was exported, in tokens.</summary>
    /// <param name="source">What is exported.</param>
    /// <returns>The length; beyond it a loss shows that was agreed to.</returns>
    int ProofLength(ExportSource source) => int.MaxValue;

    /// <summary>What becomes of each feature.</summary>
    /// <param name="source">What is exported.</param>
    /// <returns>The features, in the order to be shown.</returns>
    /// <exception cref="ResLoraException">It cannot be exported at all.</exception>
    IEnumerable<ExportFeature> Plan(ExportSource source);

    /// <summary>Writes the files.</summary>
    /// <param name="graph">What is exported, with its weights.</param>
    /// <param name="folder">An empty folder.</param>
    void Write(ExportGraph graph, string folder);

    /// <summary>
    /// Reads the files back, one model after the other; each is the caller's to dispose. Shares no code with <see cref="Write"/>.
    /// </summary>
    /// <param name="folder">The export.</param>
    /// <param name="source">What was exported; adapters need its base model.</param>
    /// <returns>The models, complete and in float32, opened as they are asked for.</returns>
    IEnumerable<ExportedModel> Open(string folder, ExportSource source);

    /// <summary>Command lines that use the export.</summary>
    /// <param name="source">What was exported.</param>
    /// <param name="folder">Where it is.</param>
    /// <returns>The lines.</returns>
    IEnumerable<string> Next(ExportSource source, string folder);
}
