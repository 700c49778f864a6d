using ResLora.Adapters;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Text.Data;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

/// <summary>A small Llama of which every kernel takes its part, with an adapter, and texts of odd lengths.</summary>
internal sealed class FusedLlama : IDisposable
{
    /// <summary>Heads of 32 numbers of which two share a key head; a vocabulary that fills no whole vectors.</summary>
    public static LlamaConfig Config { get; } = new()
    {
        HiddenSize = 64,
        IntermediateSize = 96,
        LayerCount = 3,
        HeadCount = 4,
        ConfiguredKeyValueHeadCount = 2,
        ConfiguredHeadSize = 32,
        VocabularySize = 50,
        MaxPositions = 64,
    };

    /// <summary>Texts of odd lengths, whose later two thirds are trained.</summary>
    public static IReadOnlyList<TokenizedSample> Samples { get; } = [.. new[] { 2, 7, 16, 17, 33 }.Select(Sample)];

    /// <param name="shortcut">The adapter's structure.</param>
    /// <param name="dtype">In float32 the weights are the same numbers: those that were rounded to bfloat16.</param>
    /// <param name="config">The model; null for <see cref="Config"/>.</param>
    public FusedLlama(ShortcutKind shortcut, ScalarType dtype, LlamaConfig? config = null)
    {
        Model = Create(dtype, config);
        Adapter = AdaptedModel.Inject(Model, new AdapterConfig
        {
            Rank = 4,
            Alpha = 4,
            Targets = TargetModules.Suffixes("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
            Shortcut = new ShortcutConfig { Kind = shortcut },
        });
        Tests.Adapters.TinyAdapters.WithRandomB(Adapter, 0.05);
        Model.BeginForward = mask => Adapter.BeginPass(mask);
        Model.train();
    }

    public LlamaModel Model { get; }

    public AdaptedModel Adapter { get; }

    /// <summary>The model alone, with frozen weights.</summary>
    public static LlamaModel Create(ScalarType dtype, LlamaConfig? config = null)
    {
        var model = new LlamaModel(config ?? Config);
        ModelWeights.Initialize(model, 0.12, 3, ScalarType.BFloat16, CPU);   // activations keep about their size from layer to layer
        model.to(dtype);
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad = false;
        }

        return model;
    }

    /// <summary>The mean loss and the gradient of every adapter tensor.</summary>
    public (double Loss, Dictionary<string, Tensor> Gradients) Gradients(bool packing)
    {
        var objective = new NextTokenObjective(Model, 0, packing);
        using var batch = objective.Collate(Samples);
        var loss = objective.LossSum(batch) / batch.Targets.numel();
        loss.backward();
        var gradients = Adapter.TrainableParameters().ToDictionary(p => p.Key, p => p.Value.grad!.clone());
        foreach (var (_, parameter) in Adapter.TrainableParameters())
        {
            parameter.grad = null;
        }

        return (loss.item<float>(), gradients);
    }

    /// <summary>The loss of every trained token of a batch.</summary>
    public float[] TokenLosses(TokenBatch batch)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var predictions = new NextTokenObjective(Model, 0).Predictions(batch);
        return [.. nn.functional.cross_entropy(predictions, batch.Targets, reduction: nn.Reduction.None).data<float>()];
    }

    public void Dispose() => Model.Dispose();

    private static TokenizedSample Sample(int length)
    {
        int[] ids = [.. Enumerable.Range(0, length).Select(t => 1 + (((t * t) + (length * 7)) % 49))];
        return new TokenizedSample(ids, [.. ids.Select((id, t) => t <= length / 3 ? TokenizedSample.Masked : id)]);
    }
}
