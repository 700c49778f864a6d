using System.Text.Json;
using ResLora.Models;
using ResLora.Models.Vit;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

/// <summary>Vision transformers of a few thousand weights, and pictures for them.</summary>
public static class TinyVit
{
    /// <summary>Three layers, two heads, pictures of 8 x 8 pixels in four parts, no dropout.</summary>
    public static VitConfig Config { get; } = new()
    {
        HiddenSize = 16,
        IntermediateSize = 24,
        LayerCount = 3,
        HeadCount = 2,
        ImageSize = new(8, 8),
        PatchSize = new(4, 4),
        NormEpsilon = 1e-5,
        LabelCount = 3,
    };

    /// <summary>
    /// A model in evaluation mode with frozen weights: those of the n-th tensor by name are 0.4 sin(n + 0.7 i), of norms' gains 1 more.
    /// </summary>
    public static VitModel Create(VitConfig? config = null, ModelHead? head = null)
    {
        using var noGradient = no_grad();
        var model = new VitModel(config ?? Config, head);
        ModelWeights.Initialize(model, 0, seed: 1, ScalarType.Float32, CPU);
        foreach (var (place, (name, parameter)) in model.named_parameters().OrderBy(p => p.name, StringComparer.Ordinal).Index())
        {
            using var scope = NewDisposeScope();
            var isGain = name.Contains("layernorm", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal);
            parameter.copy_((Waves(parameter.shape, place + 1) * 0.4) + (isGain ? 1 : 0));
            parameter.requires_grad = false;
        }

        model.eval();
        return model;
    }

    /// <summary>Pictures [batch, C, Y, X] for a model: sin(0.5 + 0.7 i).</summary>
    public static Tensor Pictures(ImageModel model, long batch = 2) =>
        Waves([batch, model.Channels, model.ImageSize.Height, model.ImageSize.Width], 0.5);

    /// <summary>What the model predicts, without gradients.</summary>
    public static Tensor Predict(ImageModel model, Tensor? pixels = null)
    {
        using var noGradient = no_grad();
        using var own = pixels is null ? Pictures(model) : null;
        return model.Predict(pixels ?? own!);
    }

    /// <summary>Writes a model's folder, with its tensors under other names or changed if need be.</summary>
    public static string Write(
        TemporaryFolder folder, VitModel model, Func<Dictionary<string, Tensor>, Dictionary<string, Tensor>>? change = null)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var json = JsonSerializer.SerializeToNode(model.Config)!.AsObject();
        json["a_key_of_somebody_else"] = "kept";
        model.Describe(json);
        folder.Write("config.json", json.ToJsonString());
        var tensors = model.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);
        SafetensorsWriter.Write(folder["model.safetensors"], change is null ? tensors : change(tensors));
        return folder.Path;
    }

    private static Tensor Waves(long[] shape, double start)
    {
        using var scope = NewDisposeScope();
        var places = arange(shape.Aggregate((a, b) => a * b), dtype: float64);
        return ((places * 0.7) + start).sin().reshape(shape).to(float32).MoveToOuterDisposeScope();
    }
}
