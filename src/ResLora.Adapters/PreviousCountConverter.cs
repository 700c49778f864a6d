using System.Text.Json;
using System.Text.Json.Serialization;

namespace ResLora.Adapters;

/// <summary>Reads how many previous blocks a shortcut reads: a whole number or <c>all</c>. It is written as a number.</summary>
public sealed class PreviousCountConverter : JsonConverter<int>
{
    /// <summary>The word for all of them.</summary>
    public const string AllWord = "all";

    /// <inheritdoc />
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Number when reader.TryGetInt32(out var count) => count,
        JsonTokenType.String when reader.ValueTextEquals(AllWord) => ShortcutConfig.AllPrevious,
        _ => throw new JsonException($"expected a whole number or {AllWord}"),
    };

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteNumberValue(value);
    }
}
