using ResLora.Experiments.Exporting.Targets;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Exporting;

/// <summary>All targets of exports.</summary>
public static class ExportTargets
{
    /// <summary>The targets, in the order in which they are listed.</summary>
    public static IReadOnlyList<IExportTarget> All { get; } = [new PeftTarget(), new VllmTarget(), new HuggingFaceTarget(), new LlamaCppTarget(), new OllamaTarget()];

    /// <summary>The target of a name.</summary>
    /// <param name="name">The name.</param>
    /// <returns>The target.</returns>
    /// <exception cref="ConfigException">There is no such target.</exception>
    public static IExportTarget Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var names = All.Select(target => target.Name).ToArray();
        return All.FirstOrDefault(target => target.Name == name)
            ?? throw new ConfigException($"There is no export target '{name}' ({string.Join(", ", names)}).{NearestName.Suggestion(name, names)}");
    }
}
