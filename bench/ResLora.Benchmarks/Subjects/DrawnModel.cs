using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Models;
using ResLora.Models.Llama;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Subjects;

/// <summary>
/// Model folders with random weights, one for each dtype, in a temporary folder that goes when this is disposed. All cases map the
/// same files, as they would a real model's: their weights lie in memory once, and a child process has them without drawing them.
/// </summary>
internal sealed class DrawnModel : IDisposable
{
    private const double Deviation = 0.02;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("reslora-bench-");
    private readonly StackShape _shape;

    /// <param name="shape">The shape.</param>
    public DrawnModel(StackShape shape) => _shape = shape;

    /// <summary>The folder with the weights in a dtype; written at the first call.</summary>
    public string Folder(ScalarType dtype)
    {
        var path = Path.Combine(_folder.FullName, dtype.ToString());
        if (!Directory.Exists(path))
        {
            Write(path, dtype);
        }

        return path;
    }

    /// <summary>The model in a dtype, owned by the caller.</summary>
    public CausalLanguageModel Load(ScalarType dtype) => ModelRegistry.LoadCausal(Folder(dtype));

    /// <summary>Removes the files.</summary>
    public void Dispose() => _folder.Delete(recursive: true);

    private void Write(string path, ScalarType dtype)
    {
        var config = _shape.Config();
        using var scope = NewDisposeScope();
        using var model = new LlamaModel(config);
        ModelWeights.Initialize(model, Deviation, seed: 0, dtype, CPU);
        var description = (JsonObject)JsonSerializer.SerializeToNode(config)!;
        ModelFolder.Write(model, description, new Dictionary<string, byte[]>(), path, dtype, overwrite: false);
    }
}
