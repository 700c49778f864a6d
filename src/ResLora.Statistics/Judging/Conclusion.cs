using System.Text.Json.Serialization;

namespace ResLora.Statistics.Judging;

/// <summary>What a comparison shows.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Conclusion>))]
public enum Conclusion
{
    /// <summary>The arm is better than the reference.</summary>
    [JsonStringEnumMemberName("better")] Better,

    /// <summary>The arm is worse than the reference.</summary>
    [JsonStringEnumMemberName("worse")] Worse,

    /// <summary>The two are equal within the margin.</summary>
    [JsonStringEnumMemberName("equal")] Equal,

    /// <summary>Neither a difference nor equality is shown.</summary>
    [JsonStringEnumMemberName("not_shown")] NotShown,

    /// <summary>There is nothing to judge by: a score is not a number, or there is one score alone.</summary>
    [JsonStringEnumMemberName("not_judged")] NotJudged,
}
