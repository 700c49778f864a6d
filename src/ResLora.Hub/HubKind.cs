namespace ResLora.Hub;

/// <summary>The kinds of repositories of a hub.</summary>
public enum HubKind
{
    /// <summary>Models, adapters among them.</summary>
    Model,

    /// <summary>Data sets.</summary>
    Dataset,
}
