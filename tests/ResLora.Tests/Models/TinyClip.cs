using System.Text.Json;
using ResLora.Models;
using ResLora.Models.Clip;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

/// <summary>Text encoders of a few thousand weights, and texts for them.</summary>
public static class TinyClip
{
    /// <summary>Three layers, two heads, 20 tokens of which 19 ends a text, six positions.</summary>
    public static ClipTextConfig Config { get; } = new()
    {
        HiddenSize = 8,
        IntermediateSize = 12,
        LayerCount = 3,
        HeadCount = 2,
        VocabularySize = 20,
        PositionRows = 6,
        EndId = 19,
    };

    /// <summary>
    /// A model in evaluation mode with frozen weights: those of the n-th tensor by name are 0.4 sin(n + 0.7 i), of norms' gains 1 more.
    /// </summary>
    public static ClipTextModel Create(ClipTextConfig? config = null)
    {
        using var noGradient = no_grad();
        var model = new ClipTextModel(config ?? Config);
        ModelWeights.Initialize(model, 0, seed: 1, ScalarType.Float32, CPU);
        foreach (var (place, (name, parameter)) in model.named_parameters().OrderBy(p => p.name, StringComparer.Ordinal).Index())
        {
            using var scope = NewDisposeScope();
            var isGain = name.Contains("norm", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal);
            var places = arange(parameter.NumberOfElements, dtype: float64);
            parameter.copy_((((places * 0.7) + place + 1).sin() * 0.4).reshape(parameter.shape) + (isGain ? 1 : 0));
            parameter.requires_grad = false;
        }

        model.eval();
        return model;
    }

    /// <summary>Two texts [2, 6], filled up with the end token and with token 0.</summary>
    public static Tensor Ids() => tensor(new long[,] { { 18, 3, 7, 19, 19, 19 }, { 18, 5, 19, 0, 0, 0 } });

    /// <summary>Hidden states without gradients.</summary>
    public static Tensor Hidden(ClipTextModel model, Tensor? ids = null)
    {
        using var noGradient = no_grad();
        using var own = ids is null ? Ids() : null;
        return model.Forward(ids ?? own!);
    }

    /// <summary>Writes a model's folder, with its tensors under other names or changed if need be.</summary>
    public static string Write(
        TemporaryFolder folder, ClipTextModel model, Func<Dictionary<string, Tensor>, Dictionary<string, Tensor>>? change = null)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        folder.Write("config.json", JsonSerializer.Serialize(model.Config));
        var tensors = model.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);
        SafetensorsWriter.Write(folder["model.safetensors"], change is null ? tensors : change(tensors));
        return folder.Path;
    }
}
