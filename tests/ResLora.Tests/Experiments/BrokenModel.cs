using ResLora.Models;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments;

/// <summary>Models with a weight that is no number.</summary>
internal static class BrokenModel
{
    /// <summary>Writes a copy of a model's folder in which one number of a tensor is NaN.</summary>
    public static string Write(string source, string folder, string tensor)
    {
        using var noGradient = no_grad();
        using var model = ModelRegistry.LoadText(source);
        model.named_parameters().Single(p => p.name == tensor).parameter.view(-1)[3] = float.NaN;
        ModelFolder.Write(model, source, folder);
        return folder;
    }
}
