using ResLora.Formats.Errors;
using ResLora.Images.Folders;
using ResLora.Tests.Support;
using ResLora.Text.Data;

namespace ResLora.Tests.Images.Folders;

/// <summary>A data set of small pictures in a folder of its own; gone after the test.</summary>
internal sealed class PictureTree : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>Writes pictures, each another one, and texts: <c>metadata.csv</c> and the like, whose content stands behind a |.</summary>
    public PictureTree(params string[] files)
    {
        foreach (var (i, file) in files.Index())
        {
            var parts = file.Split('|', 2);
            var content = parts.Length == 2 ? System.Text.Encoding.UTF8.GetBytes(parts[1]) : TinyPictures.Png(TinyPictures.Noise(2, 3, i));
            Write(parts[0], content);
        }
    }

    public string Path => _folder.Path;

    /// <summary>What was told while reading.</summary>
    public List<string> Told { get; } = [];

    public string this[string name] => _folder[name];

    public void Write(string name, byte[] content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(_folder[name])!);
        File.WriteAllBytes(_folder[name], content);
    }

    public PictureData Read(PictureRequest request)
    {
        using var listening = Warnings.Listen(Told.Add);
        return PictureDataReader.Read(Path, request);
    }

    public PictureData ReadLabels() => Read(new PictureRequest { Labels = true });

    public PictureData ReadCaptions() => Read(new PictureRequest { Captions = true });

    /// <summary>The message of the refusal.</summary>
    public string Refusal(PictureRequest request) => Xunit.Assert.ThrowsAny<ResLoraException>(() => Read(request)).Message;

    public string LabelsRefusal() => Refusal(new PictureRequest { Labels = true });

    public void Dispose() => _folder.Dispose();

    /// <summary>Every picture in a few words.</summary>
    public static string[] Lines(PictureData data) =>
        [.. data.Pictures.Select(picture => string.Join(' ', new[] { picture.Split == TaskSplit.Train ? null : $"{picture.Split}:", picture.Source.Name, picture.Label is { } label ? $"={data.Classes!.Names[label]}" : null, picture.Caption }.OfType<string>()))];
}
