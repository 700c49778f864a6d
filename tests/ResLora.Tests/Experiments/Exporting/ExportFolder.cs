using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ResLora.Experiments.Exporting;

namespace ResLora.Tests.Experiments.Exporting;

internal static class ExportFolder
{
    /// <summary>Makes the report agree with a changed file.</summary>
    public static void Rehash(string folder, string name)
    {
        var path = Path.Combine(folder, ExportReport.FileName);
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        var file = json["files"]!.AsArray().First(f => (string)f!["name"]! == name)!;
        var bytes = File.ReadAllBytes(Path.Combine(folder, name));
        (file["bytes"], file["sha256"]) = (bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        File.WriteAllText(path, json.ToJsonString());
    }
}
