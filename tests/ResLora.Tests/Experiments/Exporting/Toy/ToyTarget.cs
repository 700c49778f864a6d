using ResLora.Experiments.Exporting;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Exporting.Toy;

/// <summary>A target of one's own in one file: the merged weights as they are, on top of the model that they came from.</summary>
internal sealed class ToyTarget : IExportTarget
{
    public const string FileName = "toy.safetensors";

    public string Name => "toy";

    public bool NeedsAdapter => false;

    public IReadOnlyList<ExportType> Types { get; } = [ExportType.F32];

    public ExportType DefaultType(ScalarType stored) => ExportType.F32;

    public bool Holds(string moduleName) => true;

    public IEnumerable<ExportFeature> Plan(ExportSource source) => [new("weights", FeatureState.Kept, "all of them")];

    public void Write(ExportGraph graph, string folder) => graph.WithMerged(model =>
        SafetensorsWriter.Write(
            Path.Combine(folder, FileName), model.named_parameters().Select(p => KeyValuePair.Create(p.name, (Tensor)p.parameter))));

    public IEnumerable<ExportedModel> Open(string folder, ExportSource source)
    {
        using var noGradient = no_grad();
        var model = ModelRegistry.LoadText(source.ModelFolder, ScalarType.Float32);
        using (var reader = SafetensorsReader.Open(Path.Combine(folder, FileName)))
        {
            foreach (var (name, parameter) in model.named_parameters())
            {
                using var stored = reader.Read(name);
                parameter.copy_(stored);
            }
        }

        yield return new ExportedModel(FileName, ExportType.F32, model);
    }

    public IEnumerable<string> Next(ExportSource source, string folder) => [];
}
