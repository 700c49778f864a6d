using System.Text.Json.Serialization;

namespace ResLora.Training.Distributed.Pipeline;

/// <summary>What several processes that train together divide among them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Parallelism>))]
public enum Parallelism
{
    /// <summary>The samples of a step: each process has the whole model.</summary>
    [JsonStringEnumMemberName("data")] Data,

    /// <summary>The model's layers: each process has the weights of its share alone.</summary>
    [JsonStringEnumMemberName("pipeline")] Pipeline,
}
