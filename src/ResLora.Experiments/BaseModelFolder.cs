using ResLora.Adapters;
using ResLora.Experiments.Places;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;

namespace ResLora.Experiments;

/// <summary>Where the model of an adapter lies. Names on a hub are found in its cache, and downloaded if need be.</summary>
public static class BaseModelFolder
{
    /// <summary>The folder that the user gives, else the one that the adapter names.</summary>
    /// <param name="given">What the user gave, or null.</param>
    /// <param name="adapterFolder">The adapter's folder, or null for a model alone.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="ConfigException">Nothing was given, and the adapter names no folder that is here.</exception>
    /// <exception cref="FileFormatException">The adapter cannot be read.</exception>
    public static string Of(string? given, string? adapterFolder) => HubPlaces.Model(given)
        ?? Of(
            given,
            AdapterStore.Describe(
                adapterFolder ?? throw new ConfigException(
                    "There is no model; give one (--model), or an adapter that names its base model (--adapter).")));

    /// <summary>The folder that the user gives, else the one that the adapter names.</summary>
    /// <param name="given">What the user gave, or null.</param>
    /// <param name="adapter">The adapter.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="ConfigException">Nothing was given, and the adapter names no folder that is here.</exception>
    public static string Of(string? given, AdapterDescription adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        if (given is not null)
        {
            return HubPlaces.Model(given);
        }

        if (HubReference.Is(adapter.BaseModel))
        {
            return HubPlaces.Model(adapter.BaseModel!);
        }

        return adapter.BaseModel is { } named && ModelFiles.IsPlace(named)
            ? named
            : throw new ConfigException(adapter.BaseModel is null
                ? $"{adapter.Folder}: the adapter does not name its base model; give it (--model)."
                : $"{adapter.Folder}: the adapter names the base model '{adapter.BaseModel}', and there is no such folder or file here; "
                    + $"give it (--model){Hub(adapter.BaseModel)}.");
    }

    private static string Hub(string name) =>
        HubReference.IsRepository(name) ? $", from a hub with --model {HubReference.Prefix}{name}" : "";
}
