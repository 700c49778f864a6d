using System.Text.Json.Serialization;

namespace ResLora.Experiments.Pretraining;

/// <summary>What a new model learns, which decides what kind of model it is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PretrainObjective>))]
public enum PretrainObjective
{
    /// <summary>The next token: a Llama, which continues texts.</summary>
    [JsonStringEnumMemberName("causal")] Causal,

    /// <summary>Masked tokens: a RoBERTa, to be fine-tuned on labels.</summary>
    [JsonStringEnumMemberName("mlm")] MaskedTokens,

    /// <summary>Labels of pictures: a ViT.</summary>
    [JsonStringEnumMemberName("image-classification")] Pictures,
}
