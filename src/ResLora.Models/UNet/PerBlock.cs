using System.Text.Json;
using System.Text.Json.Serialization;

namespace ResLora.Models.UNet;

/// <summary>A whole number for every block of a UNet: written once for all of them, or as a list.</summary>
/// <param name="Values">The numbers, one at least.</param>
/// <param name="IsForAll">Whether a single number stands for all blocks.</param>
[JsonConverter(typeof(PerBlockConverter))]
public sealed record PerBlock(IReadOnlyList<int> Values, bool IsForAll)
{
    /// <summary>One number for all blocks.</summary>
    /// <param name="value">The number.</param>
    /// <returns>The numbers.</returns>
    public static PerBlock Same(int value) => new([value], true);

    /// <summary>The number of a block.</summary>
    /// <param name="block">The block on the way down, from 0.</param>
    /// <returns>The number.</returns>
    public int Of(int block) => IsForAll ? Values[0] : Values[block];

    /// <summary>What is wrong with it, a phrase each.</summary>
    /// <param name="key">The key in the configuration.</param>
    /// <param name="blocks">How many blocks there are.</param>
    /// <param name="most">The greatest number that is meant.</param>
    /// <returns>The problems.</returns>
    internal IEnumerable<string> Problems(string key, int blocks, int most) =>
    [
        .. IsForAll || Values.Count == blocks ? [] : new[] { $"{key} has {Values.Count} numbers for {blocks} blocks" },
        .. ConfigChecks.Sizes(Values.Take(blocks).Select(value => (key, value, most))),
    ];

    private sealed class PerBlockConverter : JsonConverter<PerBlock>
    {
        public override PerBlock Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.StartArray
                ? JsonSerializer.Deserialize<int[]>(ref reader, options) is { Length: > 0 } values
                    ? new PerBlock(values, false)
                    : throw new JsonException("The list holds no number.")
                : Same(reader.GetInt32());

        public override void Write(Utf8JsonWriter writer, PerBlock value, JsonSerializerOptions options)
        {
            if (value.IsForAll)
            {
                writer.WriteNumberValue(value.Values[0]);
            }
            else
            {
                JsonSerializer.Serialize(writer, value.Values, options);
            }
        }
    }
}
