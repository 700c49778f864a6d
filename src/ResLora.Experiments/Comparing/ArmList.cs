using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Experiments.Configuration;

namespace ResLora.Experiments.Comparing;

/// <summary>The arms of a comparison: those of the paper's question, or one's own.</summary>
[JsonConverter(typeof(Converter))]
[ConfigValue("paper or a list of arms (each with a name, and with set: keys of the run and their values)")]
public sealed class ArmList
{
    private const string PaperWord = "paper";

    private ArmList(IReadOnlyList<ArmSettings>? own) => Own = own;

    /// <summary>
    /// LoRA, LoRA at twice the alpha, LoRA at rank (m+1)·R and alpha (m+1)·alpha, the input, block and middle shortcuts, AdaLoRA, LoHa,
    /// LoKr, DoRA and full fine-tuning.
    /// </summary>
    public static ArmList Paper { get; } = new(null);

    /// <summary>One's own arms; null for <see cref="Paper"/>.</summary>
    public IReadOnlyList<ArmSettings>? Own { get; }

    /// <summary>One's own arms.</summary>
    /// <param name="arms">The arms.</param>
    public static ArmList Of(params IEnumerable<ArmSettings> arms) => new([.. arms]);

    private sealed class Converter : JsonConverter<ArmList>
    {
        public override ArmList Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.String when reader.GetString() == PaperWord => Paper,
                JsonTokenType.StartArray => Of(JsonSerializer.Deserialize<ArmSettings[]>(ref reader, options)!),
                _ => throw new JsonException("expected paper or a list of arms"),
            };

        public override void Write(Utf8JsonWriter writer, ArmList value, JsonSerializerOptions options)
        {
            if (value.Own is { } own)
            {
                JsonSerializer.Serialize(writer, own, options);
            }
            else
            {
                writer.WriteStringValue(PaperWord);
            }
        }
    }
}
