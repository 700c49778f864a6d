using ResLora.Adapters;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Models.Llama;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

/// <summary>Tiny models with updates of any rank.</summary>
internal static class DenseAdapters
{
    /// <summary>Settings of a method; of LoKr, both factors have a low rank.</summary>
    public static AdapterConfig Config(
        string method, ShortcutKind kind = ShortcutKind.None, int m = 1, FirstBlock first = FirstBlock.Doubled) =>
        TinyAdapters.Config(kind, m, first: first) with
        {
            Method = method,
            Rank = method == "lokr" ? 1 : 3,
            Lokr = method == "lokr" ? new LokrSettings { DecomposeBoth = true } : null,
        };

    /// <summary>An adapter whose factors are all drawn.</summary>
    public static AdaptedModel Random(LlamaModel model, AdapterConfig config, double deviation = 0.5)
    {
        var adapted = AdaptedModel.Inject(model, config);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(23, CPU);
        foreach (var factor in adapted.Blocks.SelectMany(block => block.Factors).Select(factor => factor.Value))
        {
            factor.copy_(randn(factor.shape, generator: generator) * deviation);
        }

        return adapted;
    }

    /// <summary>The same updates as a LoRA with A the identity and B = ΔW; all of its blocks have as many inputs as that.</summary>
    public static AdaptedModel AsLora(AdaptedModel adapted, LlamaModel plain)
    {
        var width = (int)adapted.Blocks[0].InFeatures;
        var lora = AdaptedModel.Inject(plain, adapted.Config with { Method = null, Lokr = null, Rank = width, Alpha = width });
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (mine, theirs) in adapted.Blocks.Zip(lora.Blocks))
        {
            theirs.A.copy_(eye(width));
            theirs.B.copy_(mine.DeltaWeight());
        }

        lora.ShortcutWeight = adapted.ShortcutWeight;
        return lora;
    }

    public static Tensor Logits(AdaptedModel adapted)
    {
        using var pass = adapted.BeginPass();
        return PeftFiles.Logits((LlamaModel)adapted.Model);
    }
}
