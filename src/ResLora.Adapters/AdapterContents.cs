namespace ResLora.Adapters;

/// <summary>What an adapter folder is to one model: found out from configurations, names and shapes, before anything is changed.</summary>
/// <param name="Config">The settings, with whole names of modules as targets.</param>
/// <param name="TensorOf">The name of the stored tensor of a parameter of the adapted model.</param>
internal sealed record AdapterContents(AdapterConfig Config, Func<string, string> TensorOf)
{
    /// <summary>The rank of the stored factors, of which the first rows and columns are read; null where they are read whole.</summary>
    public int? CutFrom { get; init; }

    /// <summary>Ranks and alphas that single modules have instead.</summary>
    public ModuleOverrides Overrides { get; init; } = ModuleOverrides.None;

    /// <summary>Dotted names of the modules and parameters that are saved whole.</summary>
    public IReadOnlyList<string> SavedModules { get; init; } = [];

    /// <summary>Of <see cref="SavedModules"/>, what is no part of the model's own head.</summary>
    public IReadOnlyList<string> BesidesHead { get; init; } = [];

    /// <summary>Rows of embeddings.</summary>
    public IReadOnlyList<TrainedTokens> Tokens { get; init; } = [];

    /// <summary>Tensors of the file that are not read.</summary>
    public IReadOnlyList<string> Unused { get; init; } = [];

    /// <summary>Parameters of the adapted model that are stored a second time and must be what they are.</summary>
    public IReadOnlyList<string> Copies { get; init; } = [];

    /// <summary>Whether a stored tensor may have more or fewer dimensions of size 1 than the parameter that it is read into.</summary>
    public bool IgnoresSidesOfOne { get; init; }

    /// <summary>The same with updates that are k times as large.</summary>
    /// <param name="strength">k.</param>
    public AdapterContents Times(double strength) => strength == 1 ? this : this with
    {
        Config = Config with { Alpha = Config.Alpha * strength },
        Overrides =
            Overrides with { Alphas = [.. Overrides.Alphas.Select(alpha => KeyValuePair.Create(alpha.Key, alpha.Value * strength))] },
    };
}
