using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>A network that sees a text whole, both ways, with a head that says something about it or fills in masked tokens.</summary>
/// <param name="name">The module's name.</param>
public abstract class EncoderModel(string name) : LanguageModel(name)
{
    /// <summary>
    /// The names, most specific first, under which checkpoints and adapters of all families keep the weight of a classifier's outputs [N,
    /// D].
    /// </summary>
    public static IReadOnlyList<string> OutputWeights { get; } = ["classifier.out_proj.weight", "classifier.weight"];

    /// <summary>What is predicted.</summary>
    public abstract override ModelHead Head { get; }

    /// <summary>The token that fills up short rows. It counts: RoBERTa's positions leave it out.</summary>
    public abstract int PadId { get; }

    /// <summary>The values that type ids may have: 2 where a pair's texts are told apart, else 1.</summary>
    public abstract int TypeCount { get; }

    /// <summary>Hidden states of the last layer.</summary>
    /// <param name="input">The tokens, borrowed.</param>
    /// <returns>New tensor [B, T, D], owned by the caller.</returns>
    public abstract Tensor Hidden(TokenInput input);

    /// <summary>Scores of labels, or the value of a regression.</summary>
    /// <param name="hidden">[B, T, D] hidden states of the last layer, borrowed.</param>
    /// <returns>New tensor [B, N], float32, owned by the caller.</returns>
    /// <exception cref="InvalidOperationException">The head is one for masked tokens.</exception>
    public abstract Tensor TextLogits(Tensor hidden);

    /// <summary>Scores of the tokens that may stand at positions.</summary>
    /// <param name="hidden">[..., D] hidden states of the last layer, borrowed.</param>
    /// <returns>New tensor [..., V], owned by the caller.</returns>
    /// <exception cref="InvalidOperationException">The head is one for texts.</exception>
    public abstract Tensor TokenLogits(Tensor hidden);

    /// <inheritdoc />
    public override Tensor Predict(TokenInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var hidden = Hidden(input);   // [B, T] -> [B, T, D]
        return Head.Kind == ModelHeadKind.MaskedTokens ? TokenLogits(hidden) : TextLogits(hidden);
    }

    /// <inheritdoc />
    public override void Describe(JsonObject config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config["architectures"] = new JsonArray(Architecture);
        Head.Describe(config);
    }

    /// <summary>The name of the class in Hugging Face's library that this network is.</summary>
    protected abstract string Architecture { get; }
}
