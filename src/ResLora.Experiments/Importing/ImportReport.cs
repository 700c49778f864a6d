namespace ResLora.Experiments.Importing;

/// <summary>What an import did.</summary>
/// <param name="Output">The folder that was written.</param>
/// <param name="Parts">What it holds.</param>
/// <param name="LeftOut">The names of the checkpoint's tensors that were not needed.</param>
/// <param name="Averaged">Whether the UNet's weights are the averaged ones.</param>
public sealed record ImportReport(string Output, IReadOnlyList<ImportedPart> Parts, IReadOnlyList<string> LeftOut, bool Averaged);

/// <summary>A part of the pipeline that was written, or the whole of another model.</summary>
/// <param name="Name">The part's folder; <c>model</c> for the whole.</param>
/// <param name="Tensors">How many tensors it has.</param>
/// <param name="Parameters">How many numbers they hold.</param>
/// <param name="DataType">The type that most of them are stored in.</param>
public sealed record ImportedPart(string Name, int Tensors, long Parameters, string DataType);
