using ResLora.Adapters;
using ResLora.Formats.Errors;

namespace ResLora.Experiments;

/// <summary>Where the base model of an adapter lies.</summary>
internal static class BaseModelFolder
{
    /// <summary>The folder that the user gives, else the one that the adapter names.</summary>
    /// <param name="given">What the user gave, or null.</param>
    /// <param name="adapter">The adapter.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="ConfigException">Nothing was given, and the adapter names no folder that is here.</exception>
    public static string Of(string? given, AdapterDescription adapter)
    {
        if (given is not null)
        {
            return given;
        }

        return adapter.BaseModel is { } named && Directory.Exists(named)
            ? named
            : throw new ConfigException(adapter.BaseModel is null
                ? $"{adapter.Folder}: the adapter does not name its base model; give it (--model)."
                : $"{adapter.Folder}: the adapter names the base model '{adapter.BaseModel}', and there is no such folder here; give it (--model).");
    }
}
