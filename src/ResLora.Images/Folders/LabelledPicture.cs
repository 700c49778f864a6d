using ResLora.Text.Data;

namespace ResLora.Images.Folders;

/// <summary>A picture of a data set, and what is said of it.</summary>
/// <param name="Source">Where it is.</param>
/// <param name="Split">The part of the data that it belongs to.</param>
/// <param name="Label">The number of its class, from 0; null where labels were not asked for.</param>
/// <param name="Caption">The text beside it, perhaps empty; null where captions were not asked for.</param>
public sealed record LabelledPicture(PictureSource Source, TaskSplit Split, int? Label, string? Caption);
