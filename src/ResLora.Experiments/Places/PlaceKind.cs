namespace ResLora.Experiments.Places;

/// <summary>What may stand where a path stands.</summary>
public enum PlaceKind
{
    /// <summary>A path and nothing else.</summary>
    Local,

    /// <summary>A path, or the name of a model or an adapter on a hub.</summary>
    Model,

    /// <summary>A path, or the name of a data set on a hub.</summary>
    Data,
}
