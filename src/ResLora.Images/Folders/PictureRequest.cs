using ResLora.Text.Data;

namespace ResLora.Images.Folders;

/// <summary>What is wanted of a data set of pictures.</summary>
public sealed record PictureRequest
{
    /// <summary>The name of the column with the picture's path or bytes, in <see cref="Columns"/>.</summary>
    public const string PictureColumn = "image";

    /// <summary>The name of the column with the label.</summary>
    public const string LabelColumn = "label";

    /// <summary>The name of the column with the caption.</summary>
    public const string CaptionColumn = "text";

    /// <summary>Whether every picture needs a label. Default false.</summary>
    public bool Labels { get; init; }

    /// <summary>Whether every picture needs a caption. Default false.</summary>
    public bool Captions { get; init; }

    /// <summary>Which of the data's columns are <c>image</c>, <c>label</c> and <c>text</c>. Default: those of these names; for the
    /// picture also <c>file_name</c> and <c>img</c>.</summary>
    public ColumnMap Columns { get; init; } = ColumnMap.Default;

    /// <summary>The classes that a model has already; null where the data decide.</summary>
    public ModelClasses? Model { get; init; }
}
