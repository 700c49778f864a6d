using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Experiments.Running;
using ResLora.Formats.HuggingFace;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>What a report says of where its figures come from.</summary>
internal static class ReportOrigin
{
    /// <summary>The program and its version.</summary>
    public static string Program()
    {
        var assembly = typeof(ReportOrigin).Assembly;
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return $"reslora {version ?? assembly.GetName().Version?.ToString()}";
    }

    /// <summary>The machine.</summary>
    /// <param name="jobs">How many runs were trained at once.</param>
    public static string Machine(int jobs) => string.Create(
        CultureInfo.InvariantCulture,
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} processors")
        + (jobs == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", {jobs} runs at once"));

    /// <summary>All settings, defaults included, as YAML, with the names of files and folders alone: a report is shown to others.</summary>
    /// <typeparam name="T">The section's settings.</typeparam>
    /// <param name="run">The run that all are made from.</param>
    /// <param name="section">The key of the section beside it.</param>
    /// <param name="settings">The section's settings.</param>
    public static string Yaml<T>(RunConfig run, string section, T settings)
    {
        var root = (JsonObject)JsonSerializer.SerializeToNode(run, ConfigFile.Options)!;
        var own = (JsonObject)JsonSerializer.SerializeToNode(settings, ConfigFile.Options)!;
        ConfigBinder.ReplacePaths(root, typeof(RunConfig), Name);
        ConfigBinder.ReplacePaths(own, typeof(T), Name);
        root[section] = own;
        return YamlText.Write(root);
    }

    private static JsonNode Name(JsonNode path, PlaceKind kind)
    {
        var name = HubPlaces.Name(path.GetValue<string>(), kind);
        return HubReference.Is(name) ? name : Path.GetFileName(Path.TrimEndingDirectorySeparator(name));
    }
}
