using System.Text.Json.Serialization;

namespace ResLora.Text.Tokenization;

/// <summary>Which of two texts is cut when a pair is too long.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Truncation>))]
public enum Truncation
{
    /// <summary>The longer one, until both are alike, then both.</summary>
    [JsonStringEnumMemberName("longest_first")] LongestFirst,

    /// <summary>The first one only.</summary>
    [JsonStringEnumMemberName("only_first")] OnlyFirst,

    /// <summary>The second one only.</summary>
    [JsonStringEnumMemberName("only_second")] OnlySecond,
}
