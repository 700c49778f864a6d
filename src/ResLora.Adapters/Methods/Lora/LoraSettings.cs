using System.Text.Json.Serialization;

namespace ResLora.Adapters.Methods.Lora;

/// <summary>The first values of LoRA's factors.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LoraInitialization>))]
public enum LoraInitialization
{
    /// <summary>A is drawn uniformly from ±1/√Din, B is 0.</summary>
    [JsonStringEnumMemberName("kaiming")] Kaiming,

    /// <summary>A is drawn from a normal distribution of deviation 1/R, B is 0.</summary>
    [JsonStringEnumMemberName("gaussian")] Gaussian,

    /// <summary>PiSSA: the R largest singular values of the base's weight with their vectors, shared between A and B.</summary>
    [JsonStringEnumMemberName("pissa")] Pissa,

    /// <summary>OLoRA: the first R columns and rows of the base weight's QR decomposition.</summary>
    [JsonStringEnumMemberName("olora")] Olora,
}

/// <summary>Which biases are trained beside the factors.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BiasTraining>))]
public enum BiasTraining
{
    /// <summary>None.</summary>
    [JsonStringEnumMemberName("none")] None,

    /// <summary>Those of the layers with blocks.</summary>
    [JsonStringEnumMemberName("lora_only")] LoraOnly,

    /// <summary>All biases of the model.</summary>
    [JsonStringEnumMemberName("all")] All,
}

/// <summary>What LoRA and DoRA have besides rank and alpha.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LoraSettings
{
    private const double MaxRatio = 1_000_000;

    /// <summary>
    /// What the learning rate is multiplied by for B, above 0; LoRA+ recommends 16 (Hayou et al., arXiv:2402.12354). Default 1.
    /// </summary>
    public double LearningRateRatio { get; init; } = 1;

    /// <summary>
    /// The first values: kaiming, gaussian, pissa (Meng et al., arXiv:2404.02948) or olora (Büyükakyüz, arXiv:2406.01775). With the last
    /// two the product of the first values is subtracted again, so that the model is not changed at first and the base never is; the
    /// adapter is saved as plain LoRA of twice the rank. Default kaiming.
    /// </summary>
    public LoraInitialization Initialization { get; init; }

    /// <summary>Which biases are trained as well: none, lora_only (of layers with blocks) or all. Default none.</summary>
    public BiasTraining Bias { get; init; }

    /// <summary>Whether the first values come from the base's weight.</summary>
    [JsonIgnore]
    public bool IsFromWeight => Initialization is LoraInitialization.Pissa or LoraInitialization.Olora;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (!(LearningRateRatio is > 0 and <= MaxRatio))
        {
            yield return $"lora.learningRateRatio is {LearningRateRatio}; it must be above 0 and at most {MaxRatio}";
        }

        if (!Enum.IsDefined(Initialization))
        {
            yield return $"lora.initialization is {Initialization}; it must be kaiming, gaussian, pissa or olora";
        }

        if (!Enum.IsDefined(Bias))
        {
            yield return $"lora.bias is {Bias}; it must be none, lora_only or all";
        }
    }
}
