using System.Text.Json.Serialization;

namespace ResLora.Experiments.Exporting;

/// <summary>What becomes of a feature in an export.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FeatureState>))]
public enum FeatureState
{
    /// <summary>It is in the export as it was.</summary>
    [JsonStringEnumMemberName("kept")] Kept,

    /// <summary>Its effect is in the numbers or files; it is no longer there by itself.</summary>
    [JsonStringEnumMemberName("baked in")] Baked,

    /// <summary>The export goes without it and behaves differently.</summary>
    [JsonStringEnumMemberName("lost")] Lost,
}

/// <summary>A feature of what is exported, and what becomes of it.</summary>
/// <param name="Name">The feature.</param>
/// <param name="State">What becomes of it.</param>
/// <param name="Reason">How or why, as a phrase.</param>
public sealed record ExportFeature(string Name, FeatureState State, string Reason);
