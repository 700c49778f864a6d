using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;

namespace ResLora.Images.Folders;

/// <summary>The pictures of a data set, listed and not decoded.</summary>
/// <param name="Pictures">The pictures in the order of their names or rows, at least one.</param>
/// <param name="Classes">What the numbers in <see cref="LabelledPicture.Label"/> stand for; null where labels were not asked for.</param>
/// <param name="HasSplits">Whether folders or files are named after splits; where none is, all pictures are in Train.</param>
public sealed record PictureData(IReadOnlyList<LabelledPicture> Pictures, LabelSet? Classes, bool HasSplits)
{
    /// <summary>The pictures of a split.</summary>
    /// <param name="split">The split.</param>
    /// <returns>Its pictures in order; empty when there is no such split.</returns>
    public IReadOnlyList<LabelledPicture> Of(TaskSplit split) => [.. Pictures.Where(picture => picture.Split == split)];
}
