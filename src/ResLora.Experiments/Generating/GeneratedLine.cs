using System.Text.Json.Serialization;

namespace ResLora.Experiments.Generating;

/// <summary>How a model continues one of several prompts.</summary>
/// <param name="Index">The prompt's place, from 0.</param>
/// <param name="Prompt">The prompt; of a conversation what its user says last.</param>
/// <param name="Text">The continuation alone; null where the prompt fills all of the model's positions.</param>
/// <param name="Seed">The seed that tokens were drawn with; null where the likeliest was taken.</param>
public sealed record GeneratedLine(
    long Index, string Prompt, string? Text, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Seed);
